-- description: The product catalogue as valid now, with the margin of each product at its list price.
-- column product_id varchar: ID of the product.
-- column name varchar: Product name.
-- column category varchar: Product category.
-- column list_price decimal(12,2): Price of one unit, in euro.
-- column unit_cost decimal(12,2): Cost of one unit, in euro.
-- column margin decimal(12,2): List price minus unit cost, in euro.
-- column margin_rate decimal(18,6): Margin divided by list price; null if the list price is 0.
-- column is_active boolean: Whether the product is sold.
-- column since timestamp(3): Start of the validity of these values, UTC.
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
-- The newest version may begin in the future; unlike is_current, these columns have statistics by which files are skipped.
where valid_from <= current_timestamp
    and (valid_to is null or valid_to > current_timestamp)
