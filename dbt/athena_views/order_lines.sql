-- description: Each order line that is not deleted, with its product and cost as of the order: what the revenue is made of.
-- column day date: UTC date of the order; filter by it, so that only the files of those days are read.
-- column store varchar: Store that took the order, S and three digits.
-- column order_id varchar: ID of the order in the ERP.
-- column line_number integer: Position of the line in its order, from 1.
-- column product_id varchar: Product sold.
-- column product_name varchar: Name of the product when it was ordered, of its first version for orders before that; null if the product is unknown.
-- column category varchar: Category of the product when it was ordered, of its first version for orders before that; null if the product is unknown.
-- column status varchar: One of placed, paid, shipped, returned, cancelled.
-- column is_kept boolean: Whether the line is neither cancelled nor returned, and so part of net revenue, cost and units.
-- column quantity integer: Units ordered.
-- column unit_price decimal(12,2): Price charged for one unit before the discount, in euro; the list price of that time is in silver.products.
-- column discount_amount decimal(12,2): Discount on the whole line, in euro.
-- column line_amount decimal(18,2): Quantity × price minus discount, in euro; the sum over kept lines is the net revenue.
-- column unit_cost decimal(12,2): Cost of one unit when it was ordered, in euro, that of its first version for orders before that; null if the product is unknown.
-- column line_cost decimal(18,2): Quantity × unit cost, in euro; sum it where is_kept; null if the product is unknown.
-- column line_margin decimal(18,2): Line amount minus line cost, in euro; sum it where is_kept; null if the product is unknown.
with

-- A product's first version counts for orders before it, too: a product has no beginning.
versions as (
    select
        product_id,
        name,
        category,
        unit_cost,
        valid_to,
        case when valid_from > min(valid_from) over (partition by product_id) then valid_from end as counts_from
    from silver.products
)

select
    orders.dt as day,
    orders.store_id as store,
    orders.order_id,
    orders.line_number,
    orders.product_id,
    versions.name as product_name,
    versions.category,
    orders.status,
    orders.status not in ('cancelled', 'returned') as is_kept,
    orders.quantity,
    orders.unit_price,
    orders.discount_amount,
    orders.quantity * orders.unit_price - orders.discount_amount as line_amount,
    versions.unit_cost,
    orders.quantity * versions.unit_cost as line_cost,
    orders.quantity * orders.unit_price - orders.discount_amount - orders.quantity * versions.unit_cost as line_margin
from silver.erp_orders as orders
left join versions
    on versions.product_id = orders.product_id
    and (versions.counts_from is null or orders.ordered_at >= versions.counts_from)
    and (versions.valid_to is null or orders.ordered_at < versions.valid_to)
