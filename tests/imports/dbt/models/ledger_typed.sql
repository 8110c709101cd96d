select * from {{ source('raw', 'raw_accounts') }}
