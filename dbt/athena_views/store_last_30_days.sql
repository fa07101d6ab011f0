-- description: Totals of each store over the last 30 days of the lake: one row per store.
-- column store varchar: Store, S and three digits.
-- column from_day date: First day of the 30-day window.
-- column to_day date: Last day of the 30-day window: the newest day that is over and has data of half the usual stores.
-- column days_with_data bigint: Days on which the store had an order, a lead or a visit.
-- column orders bigint: Orders with at least one line that is not cancelled.
-- column units bigint: Units sold.
-- column net_revenue decimal(18,2): Gross revenue minus discounts and returns, in euro.
-- column gross_margin decimal(18,2): Net revenue minus cost of goods, in euro.
-- column margin_rate decimal(18,6): Gross margin divided by net revenue; null if the net revenue is 0.
-- column average_order_value decimal(18,6): Net revenue divided by orders; null if there are no orders.
-- column leads_created bigint: Leads created in the window.
-- column leads_converted bigint: Leads created in the window that are converted by now.
-- column sessions bigint: Visits to the store's web shop.
-- column purchases bigint: Purchases in the web shop.
with

-- A row with a wrong date must not move the window of all stores: days that are not over do not count, nor days with
-- fewer than half of the stores that the 30 days before had on average.
days as (
    select
        dt as day,
        count(*) as stores,
        avg(count(*)) over (order by dt rows between 30 preceding and 1 preceding) as usual_stores
    from marts.fct_daily_store_metrics
    where dt < current_date
    group by dt
),

newest as (
    select max(day) as day
    from days
    where stores * 2 >= coalesce(usual_stores, 0)
)

select
    metrics.store,
    cast(max(newest.day) - interval '29' day as date) as from_day,
    max(newest.day) as to_day,
    count(*) as days_with_data,
    sum(metrics.orders) as orders,
    sum(metrics.units) as units,
    sum(metrics.net_revenue) as net_revenue,
    sum(metrics.gross_margin) as gross_margin,
    round(cast(sum(metrics.gross_margin) as double) / nullif(cast(sum(metrics.net_revenue) as double), 0), 6) as margin_rate,
    round(cast(sum(metrics.net_revenue) as double) / nullif(cast(sum(metrics.orders) as double), 0), 6) as average_order_value,
    sum(metrics.leads_created) as leads_created,
    sum(metrics.leads_converted) as leads_converted,
    sum(metrics.sessions) as sessions,
    sum(metrics.purchases) as purchases
from analytics.daily_store_metrics as metrics
cross join newest
where metrics.day > cast(newest.day - interval '30' day as date)
    and metrics.day <= newest.day
group by metrics.store
