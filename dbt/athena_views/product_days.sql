-- description: Sales and margin of each product per day.
-- column day date: UTC date; filter by it, so that only the files of those days are read.
-- column product_id varchar: Product sold.
-- column orders bigint: Orders with at least one line of the product that is not cancelled.
-- column units bigint: Units sold, of lines neither cancelled nor returned.
-- column units_returned bigint: Units of returned lines, on the day of their order.
-- column net_revenue decimal(18,2): Quantity × price minus discount of the units sold, in euro.
-- column cost_of_goods decimal(18,2): Cost of the units sold, at the unit cost valid when the order was placed, in euro.
-- column gross_margin decimal(18,2): Net revenue minus cost of goods, in euro.
select
    dt as day,
    product_id,
    orders,
    units,
    units_returned,
    net_revenue,
    cost_of_goods,
    gross_margin
from marts.fct_daily_product_metrics
