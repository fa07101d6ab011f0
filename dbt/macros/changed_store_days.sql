{#
    What an incremental run of a store-day fact recomputes.

    With the var `changed_store_days` (a view or table of the Spark session with dt date, store_id string): exactly
    these pairs. Without it: every pair of the last `lookback_days` days, counted back from the newest day that the
    staging models or the fact know, or from today where that is earlier, so that no date ahead hides the days before.

    The days reach the queries as literals, because neither Delta nor Spark skips files for `dt in (select …)`.
    False is written 1 = 0, because Spark reads `from fact where (false)` as a table alias with a column list.
#}

{# The condition for rows that belong to a changed pair. #}
{% macro in_changed_store_days(periods) -%}
    {{ in_changed_days(periods) }}
    {%- if var('changed_store_days', none) %}
        and (dt, store_id) in (
            select /*+ broadcast(changed) */ dt, store_id from {{ var('changed_store_days') }} as changed
        )
    {%- endif -%}
{%- endmacro %}


{# The condition on dt that holds for every changed pair; false when nothing changed. #}
{% macro in_changed_days(periods, alias='') -%}
    {%- set conditions = [] -%}
    {%- for period in periods -%}
        {%- do conditions.append(alias ~ "dt between date'" ~ period[1] ~ "' and date'" ~ period[2] ~ "'") -%}
    {%- endfor -%}
    ({{ conditions | join(' or ') or '1 = 0' }})
{%- endmacro %}


{# The condition on the partition column month that holds for every changed pair; false when nothing changed. #}
{% macro in_changed_months(periods, alias='') -%}
    {%- set conditions = [] -%}
    {%- for period in periods -%}
        {%- do conditions.append(alias ~ "month = '" ~ period[0] ~ "'") -%}
    {%- endfor -%}
    ({{ conditions | join(' or ') or '1 = 0' }})
{%- endmacro %}


{# Rows of (month, first day, last day), one per month that holds a changed pair. #}
{% macro changed_periods() -%}
    {%- set periods -%}
        select
            date_format(dt, 'yyyy-MM') as month,
            cast(min(dt) as string) as first_day,
            cast(max(dt) as string) as last_day
        from {{ var('changed_store_days', none) or '(' ~ lookback_window() ~ ')' }}
        group by date_format(dt, 'yyyy-MM')
        order by month
    {%- endset -%}
    {%- do return(run_query(periods).rows if execute else []) -%}
{%- endmacro %}


{# The query for the last `lookback_days` days and those after them. #}
{% macro lookback_window() -%}
    select explode(sequence(date_sub(least(max(dt), current_date()), {{ var('lookback_days') }} - 1), max(dt))) as dt
    from (
        select max(dt) as dt from {{ ref('stg_erp_orders') }}
        union all
        select max(dt) from {{ ref('stg_crm_leads') }}
        union all
        select max(dt) from {{ ref('stg_web_events') }}
        union all
        select max(dt) from {{ this }}
    )
{%- endmacro %}
