{#
    A mart lies at `<marts_root>/<name>`. The var is read when the model runs, not when the project is parsed as
    the config location_root would be: one parsed manifest then serves any lake.
#}
{% macro spark__location_clause() -%}
    {%- if var('marts_root') and model.resource_type == 'model' -%}
        location '{{ var('marts_root').rstrip('/') }}/{{ model.alias }}'
    {%- endif -%}
{%- endmacro %}
