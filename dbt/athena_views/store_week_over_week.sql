-- description: For every day and store: the seven days that end with this day, compared with the seven days before. Sum nothing over days: each day is in seven rows.
-- column day date: Last of the seven days (UTC), each on which any store has data; a filter by day reads the files of fourteen days.
-- column store varchar: Store, S and three digits; each with data in either week.
-- column orders bigint: Orders of the seven days.
-- column orders_week_before bigint: Orders of the seven days before.
-- column net_revenue decimal(18,2): Net revenue of the seven days, in euro.
-- column net_revenue_week_before decimal(18,2): Net revenue of the seven days before, in euro.
-- column net_revenue_change decimal(18,6): Relative growth of net revenue, 0.1 for 10 % more, -1 for a store that stopped; null if the week before had none.
-- column sessions bigint: Visits of the seven days.
-- column sessions_week_before bigint: Visits of the seven days before.
-- column days_covered bigint: Days of the seven on which any store has data; for one store count its days in daily_store_metrics.
-- column days_covered_week_before bigint: Days of the seven before on which any store has data.
-- column is_complete boolean: Of all stores together: whether both weeks have seven days of data, and the last day is over and has orders and visits of half the stores that had them seven days before.
-- column comparable_change decimal(18,6): Relative growth of net revenue where is_complete, else null.
-- column orders_change decimal(18,6): Relative growth of orders; null if the week before had none.
-- column sessions_change decimal(18,6): Relative growth of visits; null if the week before had none.
with

days as (
    select distinct day
    from analytics.daily_store_metrics
),

both_weeks as (
    select
        days.day,
        past.store,
        past.day as past_day,
        past.day > cast(days.day - interval '7' day as date) as is_this_week,
        past.orders,
        past.net_revenue,
        past.sessions
    from days
    join analytics.daily_store_metrics as past
        on past.day >= cast(days.day - interval '13' day as date)
        and past.day <= days.day
),

coverage as (
    select
        day,
        count(distinct case when is_this_week then past_day end) as days_covered,
        count(distinct case when not is_this_week then past_day end) as days_covered_week_before,
        count(case when past_day = day and orders > 0 then 1 end) as with_orders,
        count(case when past_day = day and sessions > 0 then 1 end) as with_sessions,
        count(
            case when past_day = cast(day - interval '7' day as date) and orders > 0 then 1 end
        ) as with_orders_before,
        count(
            case when past_day = cast(day - interval '7' day as date) and sessions > 0 then 1 end
        ) as with_sessions_before
    from both_weeks
    group by day
),

completeness as (
    select
        day,
        days_covered,
        days_covered_week_before,
        days_covered = 7
        and days_covered_week_before = 7
        and day < current_date
        and with_orders * 2 >= with_orders_before
        and with_sessions * 2 >= with_sessions_before as is_complete
    from coverage
),

weeks as (
    select
        day,
        store,
        sum(case when is_this_week then orders else 0 end) as orders,
        sum(case when is_this_week then 0 else orders end) as orders_week_before,
        sum(case when is_this_week then net_revenue else 0 end) as net_revenue,
        sum(case when is_this_week then 0 else net_revenue end) as net_revenue_week_before,
        sum(case when is_this_week then sessions else 0 end) as sessions,
        sum(case when is_this_week then 0 else sessions end) as sessions_week_before
    from both_weeks
    group by day, store
),

changes as (
    select
        day,
        store,
        orders,
        orders_week_before,
        net_revenue,
        net_revenue_week_before,
        sessions,
        sessions_week_before,
        round(
            cast(net_revenue - net_revenue_week_before as double)
            / nullif(cast(net_revenue_week_before as double), 0), 6
        ) as net_revenue_change,
        round(
            cast(orders - orders_week_before as double) / nullif(cast(orders_week_before as double), 0), 6
        ) as orders_change,
        round(
            cast(sessions - sessions_week_before as double) / nullif(cast(sessions_week_before as double), 0), 6
        ) as sessions_change
    from weeks
)

select
    changes.day,
    changes.store,
    changes.orders,
    changes.orders_week_before,
    changes.net_revenue,
    changes.net_revenue_week_before,
    changes.net_revenue_change,
    changes.sessions,
    changes.sessions_week_before,
    completeness.days_covered,
    completeness.days_covered_week_before,
    completeness.is_complete,
    case when completeness.is_complete then changes.net_revenue_change end as comparable_change,
    changes.orders_change,
    changes.sessions_change
from changes
join completeness
    on completeness.day = changes.day
