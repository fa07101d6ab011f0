-- description: Totals of each store over the 30 days that end with the latest complete day: one row per store.
-- column store varchar: Store, S and three digits; each with data in the window or in the 30 days before it.
-- column from_day date: First day of the 30-day window.
-- column to_day date: Last day of the 30-day window: the latest complete day, see day_completeness.
-- column days_with_data bigint: Days on which the store had an order, a lead or a visit.
-- column orders bigint: Orders with at least one line that is not cancelled.
-- column units bigint: Units sold.
-- column net_revenue decimal(18,2): Gross revenue minus discounts and returns, in euro.
-- column gross_margin decimal(18,2): Net revenue minus cost of goods, in euro; too high where lines_without_cost is above 0.
-- column margin_rate decimal(18,6): Gross margin divided by net revenue; null if the net revenue is 0. Too high where lines_without_cost is above 0.
-- column average_order_value decimal(18,6): Net revenue divided by orders; null if there are no orders.
-- column leads_created bigint: Leads created in the window.
-- column leads_converted bigint: Leads created in the window that are converted by now.
-- column sessions bigint: Visits to the store's web shop; a visit over midnight counts on both days.
-- column purchases bigint: Purchases in the web shop.
-- column sessions_with_purchase bigint: Sessions with a purchase.
-- column conversion_rate decimal(18,6): Share of the sessions with a purchase; null if there are no sessions.
-- column lines_without_cost bigint: Lines counted in units whose product is unknown, so that they cost 0.
-- column known_margin_rate decimal(18,6): Gross margin divided by net revenue; null if a line has no cost, or the net revenue is 0.
-- column days_covered bigint: Days of the window on which any store has data; below 30 the window is longer than the data.
with

newest as (
    select max(latest_complete_day) as day
    from analytics.day_completeness
),

stores as (
    select metrics.store, newest.day as newest_day
    from analytics.daily_store_metrics as metrics
    cross join newest
    where metrics.day > cast(newest.day - interval '60' day as date)
        and metrics.day <= newest.day
    group by metrics.store, newest.day
),

covered as (
    select count(distinct metrics.day) as days_covered
    from analytics.daily_store_metrics as metrics
    cross join newest
    where metrics.day > cast(newest.day - interval '30' day as date)
        and metrics.day <= newest.day
),

totals as (
    select
        stores.store,
        stores.newest_day,
        count(metrics.day) as days_with_data,
        coalesce(sum(metrics.orders), 0) as orders,
        coalesce(sum(metrics.units), 0) as units,
        coalesce(sum(metrics.net_revenue), 0) as net_revenue,
        coalesce(sum(metrics.gross_margin), 0) as gross_margin,
        coalesce(sum(metrics.leads_created), 0) as leads_created,
        coalesce(sum(metrics.leads_converted), 0) as leads_converted,
        coalesce(sum(metrics.sessions), 0) as sessions,
        coalesce(sum(metrics.purchases), 0) as purchases,
        coalesce(sum(metrics.sessions_with_purchase), 0) as sessions_with_purchase,
        coalesce(sum(metrics.lines_without_cost), 0) as lines_without_cost
    from stores
    left join analytics.daily_store_metrics as metrics
        on metrics.store = stores.store
        and metrics.day > cast(stores.newest_day - interval '30' day as date)
        and metrics.day <= stores.newest_day
    group by stores.store, stores.newest_day
)

select
    totals.store,
    cast(totals.newest_day - interval '29' day as date) as from_day,
    totals.newest_day as to_day,
    totals.days_with_data,
    totals.orders,
    totals.units,
    totals.net_revenue,
    totals.gross_margin,
    round(cast(totals.gross_margin as double) / nullif(cast(totals.net_revenue as double), 0), 6) as margin_rate,
    round(cast(totals.net_revenue as double) / nullif(cast(totals.orders as double), 0), 6) as average_order_value,
    totals.leads_created,
    totals.leads_converted,
    totals.sessions,
    totals.purchases,
    totals.sessions_with_purchase,
    round(
        cast(totals.sessions_with_purchase as double) / nullif(cast(totals.sessions as double), 0), 6
    ) as conversion_rate,
    totals.lines_without_cost,
    case
        when totals.lines_without_cost = 0
            then round(cast(totals.gross_margin as double) / nullif(cast(totals.net_revenue as double), 0), 6)
    end as known_margin_rate,
    covered.days_covered
from totals
cross join covered
