{# Loads a seed as literals that are escaped: dbt-spark's own version fails on the first value with an apostrophe. #}
{% macro spark__load_csv_rows(model, agate_table) -%}
    {%- for chunk in agate_table.rows | batch(get_batch_size()) %}
        {%- set insert -%}
            insert into {{ this }} values
            {% for row in chunk -%}
                (
                    {%- for value in row -%}
                        {{ 'null' if value is none else dbt.string_literal(dbt.escape_single_quotes(value | string)) }}
                        {{- ', ' if not loop.last }}
                    {%- endfor -%}
                ){{ ', ' if not loop.last }}
            {% endfor %}
        {%- endset -%}
        {%- do adapter.add_query(insert, abridge_sql_log=True) -%}
    {%- endfor -%}
    {{ return('-- ' ~ agate_table.rows | length ~ ' rows loaded into ' ~ this) }}
{%- endmacro %}
