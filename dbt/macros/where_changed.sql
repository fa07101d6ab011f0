{#
    Lets a test say `where: __changed__`: a run that knows the changed keys of the model tests their rows only, so that
    testing does not grow with history; any other run tests everything.
#}
{% macro spark__get_where_subquery(relation) -%}
    {%- set changed = var('changed', {}).get(relation.identifier) -%}
    {%- if config.get('where') != '__changed__' -%}
        {%- do return(dbt.default__get_where_subquery(relation)) -%}
    {%- elif not changed -%}
        {%- do return(relation) -%}
    {%- endif -%}
    {%- set conditions = ['1 = 1' if changed.number else '1 = 0'] -%}
    {%- for key, ranges in changed.bounds.items() -%}
        {%- do conditions.append(in_ranges(key, ranges)) -%}
    {%- endfor -%}
    {%- do return('(select * from ' ~ relation ~ ' where ' ~ conditions | join(' and ') ~ ') as changed') -%}
{%- endmacro %}
