-- What silver holds after the deliveries (design, section 6, and the law of ties). A dataset's good rows of one
-- delivery are one batch; good_<dataset> has those of the batches that were not stopped.
-- Per key the greatest row under (sequence, delivery in which that content first came, deleted, content).

create view landed_erp_orders as
select * exclude (delivery, is_good), min(delivery) as delivery from good_erp_orders group by all;

create view silver_erp_orders as
select * exclude (delivery), cast(ordered_at as date) as dt
from landed_erp_orders
qualify row_number() over (
    partition by order_id, line_number order by updated_at desc, delivery desc, is_deleted desc
) = 1;

create view landed_crm_leads as
select * exclude (delivery, is_good), min(delivery) as delivery from good_crm_leads group by all;

create view silver_crm_leads as
select * exclude (delivery), cast(created_at as date) as dt
from landed_crm_leads
qualify row_number() over (partition by lead_id order by updated_at desc, delivery desc, is_deleted desc) = 1;

create view silver_web_events as
select * exclude (delivery, is_good), cast(occurred_at as date) as dt
from good_web_events
qualify row_number() over (partition by event_id order by delivery, received_at) = 1;

create view landed_products as
select * exclude (delivery, is_good), min(delivery) as delivery from good_products group by all;

create view silver_products as
with versions as (
    select * exclude (delivery)
    from landed_products
    qualify row_number() over (partition by product_id, updated_at order by delivery desc) = 1
)
select *, updated_at as valid_from,
       lead(updated_at) over (partition by product_id order by updated_at) as valid_to,
       lead(updated_at) over (partition by product_id order by updated_at) is null as is_current
from versions;
