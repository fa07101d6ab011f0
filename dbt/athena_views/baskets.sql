-- description: Each order with a line that is not cancelled: how many lines, units, products and categories are in the basket.
-- column day date: UTC date of the order; of its first line, should they differ.
-- column store varchar: Store that took the order, S and three digits; the first by name, should its lines differ.
-- column order_id varchar: ID of the order in the ERP.
-- column lines bigint: Lines that are not cancelled.
-- column units bigint: Units of these lines.
-- column products bigint: Different products in them.
-- column categories bigint: Different categories in them, as of the order; those of unknown products are not counted.
-- column ordered_amount decimal(18,2): Quantity × price minus discount of these lines, in euro; returned ones are part of it.
-- column net_revenue decimal(18,2): The same of the lines that were not returned, in euro.
-- column has_return boolean: Whether a line was returned.
select
    min(day) as day,
    min(store) as store,
    order_id,
    count(*) as lines,
    sum(quantity) as units,
    count(distinct product_id) as products,
    count(distinct category) as categories,
    sum(line_amount) as ordered_amount,
    sum(if(is_kept, line_amount, 0)) as net_revenue,
    bool_or(status = 'returned') as has_return
from analytics.order_lines
where status <> 'cancelled'
group by order_id
