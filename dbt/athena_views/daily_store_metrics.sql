-- description: Revenue, margin, leads and visits of every store and day, under names an analyst reads.
-- column day: UTC date.
-- column store: Store, S and three digits.
-- column net_revenue: Revenue after discounts and returns, in euro.
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
    conversion_rate
from marts.fct_daily_store_metrics
