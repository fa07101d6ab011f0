{{
    config(
        materialized='incremental',
        incremental_strategy='replace_changed',
        unique_key=['order_id'],
        file_format='delta',
        tblproperties={
            'delta.enableDeletionVectors': 'false',
            'delta.dataSkippingStatsColumns': 'order_id',
            'lakehouse.clusterBy': 'order_id',
        },
    )
}}

with

numbered as (
    select
        *,
        row_number() over (partition by customer_id order by ordered_at, order_id) as customer_order_number
    from {{ ref('stg_orders') }}
),

orders as (
    select * from numbered
    {%- if is_incremental() %}
    where {{ in_changed() }}
    {%- endif %}
),

items as (
    select
        order_id,
        sum(supply_cost) as order_cost,
        sum(product_price) as order_items_subtotal,
        count(*) as count_order_items,
        count_if(is_food_item) as count_food_items,
        count_if(is_drink_item) as count_drink_items
    from {{ ref('order_items') }}
    group by order_id
)

select
    orders.order_id,
    orders.customer_id,
    orders.location_id,
    orders.ordered_at,
    orders.subtotal,
    orders.tax_paid,
    orders.order_total,
    cast(items.order_cost as decimal(16, 2)) as order_cost,
    cast(items.order_items_subtotal as decimal(16, 2)) as order_items_subtotal,
    items.count_order_items,
    items.count_food_items,
    items.count_drink_items,
    items.count_food_items > 0 as is_food_order,
    items.count_drink_items > 0 as is_drink_order,
    orders.customer_order_number
from orders
left join items on orders.order_id = items.order_id
{{ clustered() }}
