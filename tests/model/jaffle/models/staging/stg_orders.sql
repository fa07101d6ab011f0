select
    id as order_id,
    customer as customer_id,
    store_id as location_id,
    cast(subtotal / 100 as decimal(16, 2)) as subtotal,
    cast(tax_paid / 100 as decimal(16, 2)) as tax_paid,
    cast(order_total / 100 as decimal(16, 2)) as order_total,
    cast(ordered_at as date) as ordered_at
from {{ source('silver_jaffle', 'jaffle_orders') }}
where not is_deleted
