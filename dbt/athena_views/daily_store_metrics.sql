-- description: Revenue, margin, leads and web sessions per store and day.
-- column day date: UTC date; filter by it, so that only the files of those days are read.
-- column store varchar: Store, S and three digits.
-- column orders bigint: Orders with at least one line that is not cancelled; one that was returned whole counts.
-- column units bigint: Units sold, of lines neither cancelled nor returned.
-- column gross_revenue decimal(18,2): Quantity × price of lines that are not cancelled, returned ones included: before discounts and returns, without tax, in euro.
-- column discounts decimal(18,2): Discounts on those lines, in euro.
-- column returns decimal(18,2): Value of returned lines, on the day of their order, in euro.
-- column net_revenue decimal(18,2): Gross revenue minus discounts and returns, without tax, in euro.
-- column cost_of_goods decimal(18,2): Cost of the units sold, at the unit cost valid when the order was placed, in euro.
-- column gross_margin decimal(18,2): Net revenue minus cost of goods, in euro; too high where lines_without_cost is above 0.
-- column customers bigint: Distinct known customers of lines that are not cancelled; do not sum, who buys on two days counts on both.
-- column average_order_value decimal(18,6): Net revenue divided by orders; null if there are no orders. Of several days: sum of net_revenue divided by sum of orders.
-- column leads_created bigint: Leads created on the day.
-- column leads_converted bigint: Leads created on the day that are converted by now.
-- column sessions bigint: Visits to the store's web shop; a visit over midnight counts on both days.
-- column purchases bigint: Purchases in the web shop.
-- column conversion_rate decimal(18,6): Share of the sessions with a purchase; null if there are no sessions. Of several days: sum of sessions_with_purchase divided by sum of sessions.
-- column sessions_with_purchase bigint: Sessions with a purchase; of several days, divide their sum by that of the sessions.
-- column lines_without_cost bigint: Lines counted in units whose product is unknown, so that they cost 0.
-- column known_margin_rate decimal(18,6): Gross margin divided by net revenue; null if a line has no cost, or the net revenue is 0.
-- column month varchar: Month of the day as yyyy-MM; filter by it over long periods.
select
    dt as day,
    store_id as store,
    orders,
    units,
    gross_revenue,
    discounts,
    returns,
    net_revenue,
    cost_of_goods,
    gross_margin,
    customers,
    average_order_value,
    leads_created,
    leads_converted,
    sessions,
    purchases,
    conversion_rate,
    -- The fact keeps the rate with six digits: exact up to a million sessions a day.
    cast(round(coalesce(conversion_rate, 0) * sessions) as bigint) as sessions_with_purchase,
    lines_without_cost,
    case
        when lines_without_cost = 0
            then round(cast(gross_margin as double) / nullif(cast(net_revenue as double), 0), 6)
    end as known_margin_rate,
    month
from marts.fct_daily_store_metrics
