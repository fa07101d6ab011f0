{{
    config(
        materialized='incremental',
        incremental_strategy='replace_changed',
        unique_key=['product_id'],
        file_format='delta',
        tblproperties={
            'delta.enableDeletionVectors': 'false',
            'delta.dataSkippingStatsColumns': 'product_id',
            'lakehouse.clusterBy': 'product_id',
        },
    )
}}

select
    product_id, product_name, product_type, product_description, product_price, is_food_item, is_drink_item
from {{ ref('stg_products') }}
{%- if is_incremental() %}
where {{ in_changed() }}
{%- endif %}
{{ clustered() }}
