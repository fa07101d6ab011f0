{{
    config(
        materialized='incremental',
        incremental_strategy='replace_changed',
        unique_key=['dt', 'product_id'],
        on_schema_change='fail',
        file_format='delta',
        partition_by=['month'],
        tblproperties={
            'delta.enableDeletionVectors': 'false',
            'delta.dataSkippingStatsColumns': 'dt,product_id',
            'lakehouse.clusterBy': 'dt,product_id',
            'lakehouse.targetFileSize': '128MB',
        },
    )
}}

with

order_lines as (
    select order_id, product_id, quantity, unit_price, discount_amount, status, ordered_at, dt
    from {{ ref('stg_erp_orders') }}
    where product_id is not null
        {%- if is_incremental() %} and {{ in_changed() }} {%- endif %}
),

product_times as (
    {{ product_times(ref('stg_products')) }}
),

valued_lines as (
    select
        order_lines.dt,
        order_lines.product_id,
        order_lines.order_id,
        order_lines.quantity,
        order_lines.quantity * order_lines.unit_price - order_lines.discount_amount as net_amount,
        order_lines.quantity * product_times.unit_cost as cost,
        order_lines.status <> 'cancelled' as is_ordered,
        order_lines.status = 'returned' as is_returned,
        order_lines.status not in ('cancelled', 'returned') as is_kept
    from order_lines
    left join product_times
        on {{ product_holds_for('order_lines') }}
),

product_days as (
    select
        dt,
        product_id,
        count(distinct order_id) filter (where is_ordered) as orders,
        coalesce(sum(quantity) filter (where is_kept), 0) as units,
        coalesce(sum(quantity) filter (where is_returned), 0) as units_returned,
        cast(coalesce(sum(net_amount) filter (where is_kept), 0) as decimal(18, 2)) as net_revenue,
        cast(coalesce(sum(cost) filter (where is_kept), 0) as decimal(18, 2)) as cost_of_goods,
        count(*) filter (where is_kept and cost is null) as lines_without_cost
    from valued_lines
    group by dt, product_id
),

daily_product_metrics as (
    select
        dt,
        product_id,
        orders,
        units,
        units_returned,
        net_revenue,
        cost_of_goods,
        lines_without_cost,
        cast(net_revenue - cost_of_goods as decimal(18, 2)) as gross_margin,
        date_format(dt, 'yyyy-MM') as month
    from product_days
)

select * from daily_product_metrics
{{ clustered() }}
