-- description: The catalogue as it is now, with the margin of each product.
-- column margin: List price less unit cost, in euro.
select
    product_id,
    name,
    category,
    list_price,
    unit_cost,
    list_price - unit_cost as margin,
    is_active,
    valid_from as since
from silver.products
where is_current
