{#
    Lets a test say `where: __changed_days__`: a run that knows the changed pairs tests their days only, so that
    testing does not grow with history; any other run tests everything.
#}
{% macro spark__get_where_subquery(relation) -%}
    {%- if config.get('where') != '__changed_days__' -%}
        {%- do return(dbt.default__get_where_subquery(relation)) -%}
    {%- elif not var('changed_store_days', none) -%}
        {%- do return(relation) -%}
    {%- endif -%}
    {%- do return('(select * from ' ~ relation ~ ' where ' ~ in_changed_days(changed_periods()) ~ ') as changed') -%}
{%- endmacro %}
