-- description: The way from a visit to a purchase in each store's web shop, by day.
-- column day date: UTC date; a question about days opens only the files of those days.
-- column store varchar: Store, S and three digits.
-- column sessions bigint: Distinct visits.
-- column page_views bigint: Pages seen.
-- column add_to_carts bigint: Products put into a cart.
-- column checkouts bigint: Checkouts begun.
-- column purchases bigint: Purchases.
-- column carts_by_session decimal(18,6): Products put into a cart by visit; null without visits.
-- column checkouts_by_cart decimal(18,6): Checkouts by product put into a cart; null without any.
-- column purchases_by_checkout decimal(18,6): Purchases by checkout; null without checkouts.
-- column conversion_rate decimal(18,6): Share of the visits that ended in a purchase; null without visits.
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
    conversion_rate
from marts.fct_daily_store_metrics
where sessions > 0
