with

order_lines as (
    select
        order_id,
        line_number,
        store_id,
        customer_id,
        product_id,
        quantity,
        cast(unit_price as decimal(12, 2)) as unit_price,
        cast(discount_amount as decimal(12, 2)) as discount_amount,
        status,
        cast(ordered_at as timestamp) as ordered_at,
        cast(updated_at as timestamp) as updated_at,
        cast(dt as date) as dt
    from {{ source('silver_erp', 'erp_orders') }}
    where {{ not_deleted('is_deleted') }}
)

select * from order_lines
