-- description: Known customers of each week and each month, how many of them are new, and how many had bought before.
-- column period varchar: week or month.
-- column period_begin date: Monday of the week, or first day of the month.
-- column is_complete boolean: Whether its last day is not after the latest complete day, see day_completeness; a rate of another is not final.
-- column customers bigint: Different customers with an order that is not cancelled, sales without a customer left out; do not sum, who buys in two weeks is in both.
-- column new_customers bigint: Those whose first order is in the period; these add up. Orders before the first one in the lake are not known: the first periods show too many.
-- column returning_customers bigint: Those who had ordered before it began.
-- column repeat_rate decimal(18,6): Returning customers divided by customers.
-- column orders bigint: Their orders that are not cancelled; sales without a customer are in none.
-- column net_revenue decimal(18,2): Quantity × price minus discount of their lines neither cancelled nor returned, in euro.
with

newest as (
    select max(latest_complete_day) as day
    from analytics.day_completeness
),

lines as (
    select
        customer_id,
        order_id,
        dt,
        if(status = 'returned', 0, quantity * unit_price - discount_amount) as net_amount,
        min(dt) over (partition by customer_id) as first_day
    from silver.erp_orders
    where customer_id is not null
        and status <> 'cancelled'
),

periods as (
    select 'week' as period, date_trunc('week', dt) as period_begin, customer_id, order_id, net_amount, first_day
    from lines
    union all
    select 'month' as period, date_trunc('month', dt) as period_begin, customer_id, order_id, net_amount, first_day
    from lines
)

select
    period,
    period_begin,
    coalesce(
        cast(
            if(period = 'week', period_begin + interval '7' day, period_begin + interval '1' month) as date
        ) <= date_add('day', 1, max(newest.day)),
        false
    ) as is_complete,
    count(distinct customer_id) as customers,
    count(distinct if(first_day >= period_begin, customer_id)) as new_customers,
    count(distinct if(first_day < period_begin, customer_id)) as returning_customers,
    cast(count(distinct if(first_day < period_begin, customer_id)) as decimal(18, 6))
    / count(distinct customer_id) as repeat_rate,
    count(distinct order_id) as orders,
    sum(net_amount) as net_revenue
from periods
cross join newest
group by period, period_begin
