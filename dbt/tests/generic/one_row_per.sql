{# Fails for every key that is null in part or that more than one row has: grain and not_null in one query. #}
{% test one_row_per(model, columns) %}
    select {{ columns | join(', ') }}, count(*) as row_count
    from {{ model }}
    group by {{ columns | join(', ') }}
    having count(*) > 1
        {%- for column in columns %} or {{ column }} is null {%- endfor %}
{% endtest %}
