-- description: What each known customer has bought over all time, without personal data.
-- column customer_id varchar: Customer of the orders.
-- column first_order_on date: UTC date of the first order that is not cancelled; null if there is none.
-- column last_order_on date: UTC date of the last order that is not cancelled; null if there is none.
-- column orders bigint: Orders with at least one line that is not cancelled.
-- column orders_with_returns bigint: Orders with at least one returned line.
-- column net_revenue decimal(18,2): Quantity × price minus discount of lines neither cancelled nor returned, in euro.
-- column returns decimal(18,2): Value of returned lines, in euro.
select
    customer_id,
    cast(first_ordered_at at time zone 'UTC' as date) as first_order_on,
    cast(last_ordered_at at time zone 'UTC' as date) as last_order_on,
    orders,
    orders_with_returns,
    net_revenue,
    returns
from marts.fct_customer_value
