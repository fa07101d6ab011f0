{{
    config(
        materialized='incremental',
        incremental_strategy='replace_changed',
        unique_key=['week', 'category'],
        on_schema_change='fail',
        file_format='delta',
        tblproperties={
            'delta.enableDeletionVectors': 'false',
            'delta.dataSkippingStatsColumns': 'week,category',
            'lakehouse.clusterBy': 'week,category',
            'lakehouse.targetFileSize': '128MB',
        },
    )
}}

with

order_lines as (
    select
        order_id,
        product_id,
        quantity,
        quantity * unit_price - discount_amount as net_amount,
        status,
        ordered_at,
        cast(date_trunc('week', dt) as date) as week
    from {{ ref('stg_erp_orders') }}
    {%- if is_incremental() %}
    where {{ within_changed('dt', 'week', days=6) }}
    {%- endif %}
),

product_times as (
    {{ product_times(ref('stg_products')) }}
),

categorized_lines as (
    select
        order_lines.week,
        coalesce(product_times.category, 'unknown') as category,
        order_lines.order_id,
        order_lines.quantity,
        order_lines.net_amount,
        order_lines.quantity * product_times.unit_cost as cost,
        order_lines.status <> 'cancelled' as is_ordered,
        order_lines.status not in ('cancelled', 'returned') as is_kept
    from order_lines
    left join product_times
        on {{ product_holds_for('order_lines') }}
),

category_weeks as (
    select
        week,
        category,
        count(distinct order_id) filter (where is_ordered) as orders,
        coalesce(sum(quantity) filter (where is_kept), 0) as units,
        cast(coalesce(sum(net_amount) filter (where is_kept), 0) as decimal(18, 2)) as net_revenue,
        cast(coalesce(sum(cost) filter (where is_kept), 0) as decimal(18, 2)) as cost_of_goods
    from categorized_lines
    group by week, category
),

weekly_category_metrics as (
    select
        week,
        category,
        orders,
        units,
        net_revenue,
        cost_of_goods,
        cast(net_revenue - cost_of_goods as decimal(18, 2)) as gross_margin
    from category_weeks
)

select * from weekly_category_metrics
{{ clustered() }}
