-- description: Returned order lines by the day on which the ERP last changed them, which is that of the return unless it changed them again.
-- column day date: UTC date of the last change of the lines.
-- column store varchar: Store that took the orders, S and three digits.
-- column returned_orders bigint: Orders with a line that was returned; one with returns on two days is in both.
-- column returned_lines bigint: Lines that were returned.
-- column returned_units bigint: Units of these lines.
-- column returned_amount decimal(18,2): Quantity × price minus discount of these lines, in euro.
-- column days_to_return bigint: Days from the order to the return, summed over the lines; divide by returned_lines.
with

returned_lines as (
    select
        cast(updated_at at time zone 'UTC' as date) as day,
        dt as ordered_on,
        store_id,
        order_id,
        quantity,
        quantity * unit_price - discount_amount as line_amount
    from silver.erp_orders
    where status = 'returned'
)

select
    day,
    store_id as store,
    count(distinct order_id) as returned_orders,
    count(*) as returned_lines,
    sum(quantity) as returned_units,
    sum(line_amount) as returned_amount,
    sum(date_diff('day', ordered_on, day)) as days_to_return
from returned_lines
group by day, store_id
