-- description: Every day with data, whether it is complete, and the latest complete day, from which last days count.
-- column day date: UTC date.
-- column stores bigint: Stores with an order, a lead or a visit on the day.
-- column stores_with_orders bigint: Stores with orders on the day.
-- column stores_with_sessions bigint: Stores with visits of their web shop on the day.
-- column is_complete boolean: Whether the day is not after the latest complete day.
-- column latest_complete_day date: Newest day that is over, on which half the usual stores have data, orders and visits; null if there is none.
with

days as (
    select
        day,
        count(*) as stores,
        sum(case when orders > 0 then 1 else 0 end) as stores_with_orders,
        sum(case when sessions > 0 then 1 else 0 end) as stores_with_sessions
    from analytics.daily_store_metrics
    where day is not null
    group by day
),

-- A row with a wrong date must not pass for a day of data: half of the stores of the 30 days before are needed.
usual_days as (
    select
        day,
        stores,
        stores_with_orders,
        stores_with_sessions,
        avg(stores) over (order by day rows between 30 preceding and 1 preceding) as usual_stores,
        avg(stores_with_orders) over (order by day rows between 30 preceding and 1 preceding) as usual_with_orders,
        avg(stores_with_sessions) over (order by day rows between 30 preceding and 1 preceding) as usual_with_sessions
    from days
    where day < current_date
),

-- Orders come at night, visits hourly: a day is complete when each has come. Some weekdays have fewer stores that are
-- open, so the same day of the week before says what is usual, where there is one.
newest as (
    select max(usual_days.day) as latest_complete_day
    from usual_days
    left join days as week_before
        on week_before.day = cast(usual_days.day - interval '7' day as date)
    where usual_days.stores * 2 >= coalesce(usual_days.usual_stores, 0)
        and usual_days.stores_with_orders * 2
        >= coalesce(cast(week_before.stores_with_orders as double), usual_days.usual_with_orders, 0)
        and usual_days.stores_with_sessions * 2
        >= coalesce(cast(week_before.stores_with_sessions as double), usual_days.usual_with_sessions, 0)
)

select
    days.day,
    days.stores,
    days.stores_with_orders,
    days.stores_with_sessions,
    coalesce(days.day <= newest.latest_complete_day, false) as is_complete,
    newest.latest_complete_day
from days
cross join newest
