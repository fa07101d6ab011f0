-- description: Steps from a visit to a purchase in each store's web shop, per day.
-- column day date: UTC date; filter by it, so that only the files of those days are read.
-- column store varchar: Store, S and three digits.
-- column sessions bigint: Distinct visits; a visit over midnight counts on both days.
-- column page_views bigint: Page views.
-- column add_to_carts bigint: Products put into a cart.
-- column checkouts bigint: Checkouts started.
-- column purchases bigint: Purchases.
-- column carts_by_session decimal(18,6): Add-to-carts divided by sessions; null if there are no sessions.
-- column checkouts_by_cart decimal(18,6): Checkouts divided by add-to-carts, counted as events, so it may exceed 1; null if there are no add-to-carts.
-- column purchases_by_checkout decimal(18,6): Purchases divided by checkouts, counted as events, so it may exceed 1; null if there are no checkouts.
-- column conversion_rate decimal(18,6): Share of the sessions with a purchase; null if there are no sessions.
-- column sessions_with_purchase bigint: Sessions with a purchase; of several days, divide their sum by that of the sessions.
select
    dt as day,
    store_id as store,
    sessions,
    page_views,
    add_to_carts,
    checkouts,
    purchases,
    round(cast(add_to_carts as double) / nullif(cast(sessions as double), 0), 6) as carts_by_session,
    round(cast(checkouts as double) / nullif(cast(add_to_carts as double), 0), 6) as checkouts_by_cart,
    round(cast(purchases as double) / nullif(cast(checkouts as double), 0), 6) as purchases_by_checkout,
    conversion_rate,
    -- The fact keeps the rate with six digits: exact up to a million sessions a day.
    cast(round(coalesce(conversion_rate, 0) * sessions) as bigint) as sessions_with_purchase
from marts.fct_daily_store_metrics
where sessions > 0
