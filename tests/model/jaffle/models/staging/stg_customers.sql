select
    id as customer_id,
    name as customer_name
from {{ source('silver_jaffle', 'jaffle_customers') }}
where not is_deleted
