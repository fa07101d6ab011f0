{{
    config(
        materialized='incremental',
        incremental_strategy='replace_changed',
        unique_key=['dt', 'store_id'],
        on_schema_change='fail',
        file_format='delta',
        partition_by=['month'],
        tblproperties={
            'delta.enableDeletionVectors': 'false',
            'delta.dataSkippingStatsColumns': 'dt,store_id',
            'lakehouse.clusterBy': 'dt,store_id',
            'lakehouse.targetFileSize': '128MB',
        },
    )
}}

{%- set changed = 'where ' ~ in_changed() if is_incremental() else '' %}

with

order_lines as (
    select order_id, store_id, customer_id, product_id, quantity, unit_price, discount_amount, status, ordered_at, dt
    from {{ ref('stg_erp_orders') }}
    {{ changed }}
),

leads as (
    select store_id, status, dt
    from {{ ref('stg_crm_leads') }}
    {{ changed }}
),

events as (
    select store_id, session_id, event_type, dt
    from {{ ref('stg_web_events') }}
    {{ changed }}
),

product_times as (
    {{ product_times(ref('stg_products')) }}
),

valued_lines as (
    select
        order_lines.dt,
        order_lines.store_id,
        order_lines.order_id,
        order_lines.customer_id,
        order_lines.quantity,
        order_lines.discount_amount,
        order_lines.quantity * order_lines.unit_price as amount,
        order_lines.quantity * product_times.unit_cost as cost,
        order_lines.status <> 'cancelled' as is_ordered,
        order_lines.status = 'returned' as is_returned,
        order_lines.status not in ('cancelled', 'returned') as is_kept
    from order_lines
    left join product_times
        on {{ product_holds_for('order_lines') }}
),

daily_orders as (
    select
        dt,
        store_id,
        count(distinct order_id) filter (where is_ordered) as orders,
        sum(quantity) filter (where is_kept) as units,
        sum(amount) filter (where is_ordered) as gross_revenue,
        sum(discount_amount) filter (where is_ordered) as discounts,
        sum(amount - discount_amount) filter (where is_returned) as returns,
        sum(cost) filter (where is_kept) as cost_of_goods,
        count(*) filter (where is_kept and cost is null) as lines_without_cost,
        count(distinct customer_id) filter (where is_ordered) as customers
    from valued_lines
    group by dt, store_id
),

daily_leads as (
    select
        dt,
        store_id,
        count(*) as leads_created,
        count(*) filter (where status = 'converted') as leads_converted
    from leads
    group by dt, store_id
),

daily_events as (
    select
        dt,
        store_id,
        count(distinct session_id) as sessions,
        count(distinct session_id) filter (where event_type = 'purchase') as sessions_with_purchase,
        count(*) filter (where event_type = 'page_view') as page_views,
        count(*) filter (where event_type = 'add_to_cart') as add_to_carts,
        count(*) filter (where event_type = 'checkout') as checkouts,
        count(*) filter (where event_type = 'purchase') as purchases
    from events
    group by dt, store_id
),

-- A day on which a store had orders only, leads only or events only is a row as well.
store_days as (
    select
        dt,
        store_id,
        coalesce(orders, 0) as orders,
        coalesce(units, 0) as units,
        cast(coalesce(gross_revenue, 0) as decimal(18, 2)) as gross_revenue,
        cast(coalesce(discounts, 0) as decimal(18, 2)) as discounts,
        cast(coalesce(returns, 0) as decimal(18, 2)) as returns,
        cast(coalesce(cost_of_goods, 0) as decimal(18, 2)) as cost_of_goods,
        coalesce(lines_without_cost, 0) as lines_without_cost,
        coalesce(customers, 0) as customers,
        coalesce(leads_created, 0) as leads_created,
        coalesce(leads_converted, 0) as leads_converted,
        coalesce(sessions, 0) as sessions,
        coalesce(sessions_with_purchase, 0) as sessions_with_purchase,
        coalesce(page_views, 0) as page_views,
        coalesce(add_to_carts, 0) as add_to_carts,
        coalesce(checkouts, 0) as checkouts,
        coalesce(purchases, 0) as purchases
    from daily_orders
    full outer join daily_leads using (dt, store_id)
    full outer join daily_events using (dt, store_id)
),

store_days_with_margin as (
    select
        *,
        cast(gross_revenue - discounts - returns as decimal(18, 2)) as net_revenue,
        cast(gross_revenue - discounts - returns - cost_of_goods as decimal(18, 2)) as gross_margin
    from store_days
),

daily_store_metrics as (
    select
        dt,
        store_id,
        orders,
        units,
        gross_revenue,
        discounts,
        returns,
        net_revenue,
        cost_of_goods,
        lines_without_cost,
        gross_margin,
        customers,
        {{ ratio('net_revenue', 'orders') }} as average_order_value,
        leads_created,
        leads_converted,
        sessions,
        page_views,
        add_to_carts,
        checkouts,
        purchases,
        {{ ratio('cast(sessions_with_purchase as decimal(18, 0))', 'sessions') }} as conversion_rate,
        date_format(dt, 'yyyy-MM') as month
    from store_days_with_margin
)

select * from daily_store_metrics
{{ clustered() }}
