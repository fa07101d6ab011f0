-- description: Every store that ever had data, when it had, whether it still does, and since when it has sold nothing.
-- column store varchar: Store, S and three digits.
-- column first_day date: First day with an order, a lead or a visit.
-- column last_day date: Last day with an order, a lead or a visit.
-- column days_with_data bigint: Days with an order, a lead or a visit.
-- column first_day_with_orders date: First day with an order; null if there was none.
-- column last_day_with_orders date: Last day with an order; null if there was none.
-- column days_without_orders bigint: Days from its last day with an order to the latest complete day; null if it never had an order.
-- column is_active boolean: Whether it had an order, a lead or a visit within the 30 days that end with the latest complete day; it may sell nothing.
with

newest as (
    select max(latest_complete_day) as day
    from analytics.day_completeness
)

select
    metrics.store,
    min(metrics.day) as first_day,
    max(metrics.day) as last_day,
    count(*) as days_with_data,
    min(case when metrics.orders > 0 then metrics.day end) as first_day_with_orders,
    max(case when metrics.orders > 0 then metrics.day end) as last_day_with_orders,
    greatest(
        date_diff('day', max(case when metrics.orders > 0 then metrics.day end), max(newest.day)), 0
    ) as days_without_orders,
    coalesce(max(metrics.day) > cast(max(newest.day) - interval '30' day as date), false) as is_active
from analytics.daily_store_metrics as metrics
cross join newest
where metrics.store is not null
group by metrics.store
