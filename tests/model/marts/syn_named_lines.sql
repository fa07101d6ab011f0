{{ config(materialized='incremental', incremental_strategy='replace_changed', unique_key=['product', 'status'],
          file_format='delta') }}

-- A left join on a history, whose late versions move lines to another key.
select
    coalesce(concat(products.category, '/', products.list_price), 'none') as product,
    order_lines.status,
    count(*) as lines,
    sum(order_lines.quantity) as units
from {{ ref('stg_erp_orders') }} as order_lines
left join {{ ref('stg_products') }} as products
    on order_lines.product_id = products.product_id
    and order_lines.updated_at >= products.valid_from
    and (products.valid_to is null or order_lines.updated_at < products.valid_to)
group by all
