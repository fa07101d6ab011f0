{#
    The incremental strategy `replace_changed`: one MERGE that makes the changed keys of a mart equal to what the model
    has just recomputed. Keys that the model returns besides are left as they are.

    The source holds differences only (new rows, rows with another value in some column, and, as is_gone, rows that
    the model no longer returns), for two reasons: a MERGE with an insert clause rewrites every file that holds a
    matched row, updated or not, and WHEN NOT MATCHED BY SOURCE would make Delta read the whole table.
#}
{% macro get_incremental_replace_changed_sql(arg_dict) -%}
    {%- set target = arg_dict['target_relation'] -%}
    {%- set keys = mart_keys() -%}
    {%- set columns = adapter.get_columns_in_relation(target) | map(attribute='name') | list -%}
    {%- set values = columns | reject('in', keys) | list -%}
    {%- set own = {} -%}
    {%- for key in keys -%}
        {%- do own.update({key: key}) -%}
    {%- endfor %}

    merge into {{ target }} as mart
    using (
        select
            {{ keys | join(', ') }},
            {%- for value in values %}
            recomputed.{{ value }},
            {%- endfor %}
            recomputed.is_recomputed is null as is_gone
        from (
            select *, true as is_recomputed
            from {{ arg_dict['temp_relation'] }}
            where {{ in_changed() }}
        ) as recomputed
        full outer join (
            select *, true as is_stored
            from {{ target }}
            where {{ in_changed() }}
        ) as stored
            using ({{ keys | join(', ') }})
        where recomputed.is_recomputed is null
            or stored.is_stored is null
            {%- for value in values %}
            or not recomputed.{{ value }} <=> stored.{{ value }}
            {%- endfor %}
    ) as difference
    on {{ in_bounds(own, 'mart.') }}
        {%- for key in keys %}
        and mart.{{ key }} = difference.{{ key }}
        {%- endfor %}

    when matched and difference.is_gone then delete

    when matched then update set
        {%- for column in columns %}
        mart.{{ column }} = difference.{{ column }}{{ ',' if not loop.last }}
        {%- endfor %}

    when not matched and not difference.is_gone then
        insert ({{ columns | join(', ') }})
        values ({% for column in columns %}difference.{{ column }}{{ ', ' if not loop.last }}{% endfor %})
{%- endmacro %}


{# dbt-spark knows a fixed list of strategies; the two macros below let it pass ours, and all else as before. #}
{% macro dbt_spark_validate_get_incremental_strategy(raw_strategy, file_format) -%}
    {%- if raw_strategy == 'replace_changed' and file_format == 'delta' -%}
        {%- do return(raw_strategy) -%}
    {%- endif -%}
    {%- do return(dbt.dbt_spark_validate_get_incremental_strategy(raw_strategy, file_format)) -%}
{%- endmacro %}


{% macro dbt_spark_get_incremental_sql(strategy, source, target, existing, unique_key, incremental_predicates) -%}
    {%- if strategy == 'replace_changed' -%}
        {{ get_incremental_replace_changed_sql(
            {'target_relation': target, 'temp_relation': source, 'unique_key': unique_key}
        ) }}
    {%- else -%}
        {{ dbt.dbt_spark_get_incremental_sql(
            strategy, source, target, existing, unique_key, incremental_predicates
        ) }}
    {%- endif -%}
{%- endmacro %}
