{#
    The elements of a list that a contract explodes, as a query: the rows and columns of the view of that name, without
    those of deleted rows.

    source: the table of silver that has the list. It is said here as well so that dbt and the marts know what is read.
    The var `elements` has, by name, the dataset and the query of each list; the jobs give it, from the contracts.
#}
{% macro elements(name, source) -%}
    {%- if not execute -%}
        {%- do return(source) -%}
    {%- endif -%}
    {%- set known = var('elements', {}) -%}
    {%- if name not in known -%}
        {%- do exceptions.raise_compiler_error(
            "elements('" ~ name ~ "', …): no contract explodes a list of that name; known: " ~ known | join(', ')
        ) -%}
    {%- elif known[name].dataset != source.identifier -%}
        {%- do exceptions.raise_compiler_error(
            "elements('" ~ name ~ "', …) are those of " ~ known[name].dataset ~ ", not of " ~ source.identifier
        ) -%}
    {%- endif -%}
    {%- do return('(' ~ known[name].query.replace('{table}', source | string) ~ ')') -%}
{%- endmacro %}
