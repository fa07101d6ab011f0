with

product_versions as (
    select
        product_id,
        name,
        category,
        cast(list_price as decimal(12, 2)) as list_price,
        cast(unit_cost as decimal(12, 2)) as unit_cost,
        is_active,
        cast(valid_from as timestamp) as valid_from,
        cast(valid_to as timestamp) as valid_to,
        is_current
    from {{ source('silver_products', 'products') }}
)

select * from product_versions
