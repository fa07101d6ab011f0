select
    id as order_item_id,
    order_id,
    sku as product_id
from {{ source('silver_jaffle', 'jaffle_items') }}
where not is_deleted
