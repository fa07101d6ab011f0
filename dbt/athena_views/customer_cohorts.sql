-- description: Customers by the month of their first order: how many of them order again in each month after it.
-- column cohort_month date: First day of the month in which they first ordered.
-- column month_begin date: First day of the month in which they ordered.
-- column months_since bigint: Months from the one to the other; 0 for the first.
-- column cohort_customers bigint: Customers of the cohort, the same in each of its months: do not sum.
-- column customers bigint: Those of them with an order in the month; of one month they add up over cohorts.
-- column retention decimal(18,6): Customers divided by those of the cohort.
-- column orders bigint: Their orders in the month that are not cancelled.
-- column net_revenue decimal(18,2): Quantity × price minus discount of their lines neither cancelled nor returned, in euro.
with

lines as (
    select
        customer_id,
        order_id,
        date_trunc('month', dt) as month_begin,
        date_trunc('month', min(dt) over (partition by customer_id)) as cohort_month,
        if(status = 'returned', 0, quantity * unit_price - discount_amount) as net_amount
    from silver.erp_orders
    where customer_id is not null
        and status <> 'cancelled'
),

cohorts as (
    select cohort_month, count(distinct customer_id) as cohort_customers
    from lines
    group by cohort_month
)

select
    lines.cohort_month,
    lines.month_begin,
    date_diff('month', lines.cohort_month, lines.month_begin) as months_since,
    cohorts.cohort_customers,
    count(distinct lines.customer_id) as customers,
    cast(count(distinct lines.customer_id) as decimal(18, 6)) / cohorts.cohort_customers as retention,
    count(distinct lines.order_id) as orders,
    sum(lines.net_amount) as net_revenue
from lines
join cohorts
    on cohorts.cohort_month = lines.cohort_month
group by lines.cohort_month, lines.month_begin, cohorts.cohort_customers
