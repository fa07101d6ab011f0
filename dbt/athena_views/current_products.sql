-- description: The catalogue as it is now, with the margin of each product.
-- column product_id varchar: ID of the product.
-- column name varchar: What it is called.
-- column category varchar: What it is kept under.
-- column list_price decimal(12,2): Price of one unit, in euro.
-- column unit_cost decimal(12,2): What one unit costs us, in euro.
-- column margin decimal(12,2): List price less unit cost, in euro.
-- column margin_rate decimal(18,6): Margin by list price; null for a product that is given away.
-- column is_active boolean: Whether it is sold.
-- column since timestamp(3): From when these values hold, UTC.
select
    product_id,
    name,
    category,
    list_price,
    unit_cost,
    list_price - unit_cost as margin,
    round(cast(list_price - unit_cost as double) / nullif(cast(list_price as double), 0), 6) as margin_rate,
    is_active,
    date_trunc('second', valid_from) at time zone 'UTC' as since
from silver.products
where valid_to is null  -- unlike is_current, it has statistics by which files are skipped
