{{
    config(
        materialized='incremental',
        incremental_strategy='replace_changed',
        unique_key=['customer_id'],
        file_format='delta',
        tblproperties={
            'delta.enableDeletionVectors': 'false',
            'delta.dataSkippingStatsColumns': 'customer_id',
            'lakehouse.clusterBy': 'customer_id',
        },
    )
}}

with

customers as (
    select * from {{ ref('stg_customers') }}
    {%- if is_incremental() %}
    where {{ in_changed() }}
    {%- endif %}
),

orders as (
    select
        customer_id,
        count(*) as count_lifetime_orders,
        min(ordered_at) as first_ordered_at,
        max(ordered_at) as last_ordered_at,
        sum(subtotal) as lifetime_spend_pretax,
        sum(tax_paid) as lifetime_tax_paid,
        sum(order_total) as lifetime_spend
    from {{ ref('orders') }}
    group by customer_id
)

select
    customers.customer_id,
    customers.customer_name,
    coalesce(orders.count_lifetime_orders, 0) as count_lifetime_orders,
    orders.first_ordered_at,
    orders.last_ordered_at,
    cast(orders.lifetime_spend_pretax as decimal(16, 2)) as lifetime_spend_pretax,
    cast(orders.lifetime_tax_paid as decimal(16, 2)) as lifetime_tax_paid,
    cast(orders.lifetime_spend as decimal(16, 2)) as lifetime_spend,
    case when orders.count_lifetime_orders > 1 then 'returning' else 'new' end as customer_type
from customers
left join orders on customers.customer_id = orders.customer_id
{{ clustered() }}
