-- description: Each visit of a web shop per day, with its steps; a visit over midnight is one row on each day.
-- column day date: UTC date; filter by it, so that only the files of those days are read.
-- column store varchar: Store whose web shop was visited, S and three digits.
-- column session_id varchar: ID of the visit.
-- column started_at timestamp(3): First event of the visit on the day, UTC.
-- column ended_at timestamp(3): Last event of the visit on the day, UTC.
-- column seconds bigint: Whole seconds from the first to the last event.
-- column events bigint: Events.
-- column page_views bigint: Pages viewed.
-- column add_to_carts bigint: Times that something was put into the cart.
-- column checkouts bigint: Times that a checkout was begun.
-- column purchases bigint: Purchases.
-- column has_purchase boolean: Whether something was bought.
-- column products bigint: Different products that were viewed, put into the cart or bought.
-- column device_type varchar: Kind of the visitor's device, such as desktop, phone or tablet; the last by name if there are several.
select
    dt as day,
    store_id as store,
    session_id,
    min(occurred_at) at time zone 'UTC' as started_at,
    max(occurred_at) at time zone 'UTC' as ended_at,
    date_diff('second', min(occurred_at), max(occurred_at)) as seconds,
    count(*) as events,
    count_if(event_type = 'page_view') as page_views,
    count_if(event_type = 'add_to_cart') as add_to_carts,
    count_if(event_type = 'checkout') as checkouts,
    count_if(event_type = 'purchase') as purchases,
    count_if(event_type = 'purchase') > 0 as has_purchase,
    count(distinct product_id) as products,
    max(device.type) as device_type
from silver.web_events
group by dt, store_id, session_id
