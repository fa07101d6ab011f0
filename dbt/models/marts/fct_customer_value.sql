{{
    config(
        materialized='incremental',
        incremental_strategy='replace_changed',
        unique_key=['customer_id'],
        on_schema_change='fail',
        file_format='delta',
        tblproperties={
            'delta.enableDeletionVectors': 'false',
            'delta.dataSkippingStatsColumns': 'customer_id',
            'lakehouse.clusterBy': 'customer_id',
            'lakehouse.targetFileSize': '128MB',
        },
    )
}}

with

order_lines as (
    select customer_id, order_id, quantity, unit_price, discount_amount, status, ordered_at
    from {{ ref('stg_erp_orders') }}
    where customer_id is not null
        {%- if is_incremental() %} and {{ in_changed() }} {%- endif %}
),

customers as (
    select
        customer_id,
        min(ordered_at) filter (where status <> 'cancelled') as first_ordered_at,
        max(ordered_at) filter (where status <> 'cancelled') as last_ordered_at,
        count(distinct order_id) filter (where status <> 'cancelled') as orders,
        count(distinct order_id) filter (where status = 'returned') as orders_with_returns,
        cast(
            coalesce(
                sum(quantity * unit_price - discount_amount) filter (where status not in ('cancelled', 'returned')), 0
            ) as decimal(18, 2)
        ) as net_revenue,
        cast(
            coalesce(sum(quantity * unit_price - discount_amount) filter (where status = 'returned'), 0)
            as decimal(18, 2)
        ) as returns
    from order_lines
    group by customer_id
)

select * from customers
{{ clustered() }}
