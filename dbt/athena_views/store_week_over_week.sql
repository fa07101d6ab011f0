-- description: For every store and day: the seven days that end with this day, compared with the seven days before.
-- column day date: Last of the seven days (UTC); a filter by day reads the files of fourteen days.
-- column store varchar: Store, S and three digits.
-- column orders bigint: Orders of the seven days.
-- column orders_week_before bigint: Orders of the seven days before.
-- column net_revenue decimal(18,2): Net revenue of the seven days, in euro.
-- column net_revenue_week_before decimal(18,2): Net revenue of the seven days before, in euro.
-- column net_revenue_change decimal(18,6): Relative growth of net revenue, 0.1 for 10 % more; null if the week before had none.
-- column sessions bigint: Visits of the seven days.
-- column sessions_week_before bigint: Visits of the seven days before.
with

both_weeks as (
    select
        this_day.day,
        this_day.store,
        past.day > cast(this_day.day - interval '7' day as date) as is_this_week,
        past.orders,
        past.net_revenue,
        past.sessions
    from analytics.daily_store_metrics as this_day
    join analytics.daily_store_metrics as past
        on past.store = this_day.store
        and past.day >= cast(this_day.day - interval '13' day as date)
        and past.day <= this_day.day
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
)

select
    day,
    store,
    orders,
    orders_week_before,
    net_revenue,
    net_revenue_week_before,
    round(
        cast(net_revenue - net_revenue_week_before as double) / nullif(cast(net_revenue_week_before as double), 0), 6
    ) as net_revenue_change,
    sessions,
    sessions_week_before
from weeks
