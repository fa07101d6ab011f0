{{
    config(
        materialized='incremental',
        incremental_strategy='replace_changed',
        unique_key=['order_item_id'],
        file_format='delta',
        tblproperties={
            'delta.enableDeletionVectors': 'false',
            'delta.dataSkippingStatsColumns': 'order_item_id',
            'lakehouse.clusterBy': 'order_item_id',
        },
    )
}}

with

order_items as (
    select * from {{ ref('stg_order_items') }}
    {%- if is_incremental() %}
    where {{ in_changed() }}
    {%- endif %}
),

supplies as (
    select product_id, sum(supply_cost) as supply_cost from {{ ref('stg_supplies') }} group by product_id
)

select
    order_items.order_item_id,
    order_items.order_id,
    order_items.product_id,
    orders.ordered_at,
    products.product_name,
    products.product_price,
    products.is_food_item,
    products.is_drink_item,
    cast(supplies.supply_cost as decimal(16, 2)) as supply_cost
from order_items
left join {{ ref('stg_orders') }} as orders on order_items.order_id = orders.order_id
left join {{ ref('stg_products') }} as products on order_items.product_id = products.product_id
left join supplies on order_items.product_id = supplies.product_id
{{ clustered() }}
