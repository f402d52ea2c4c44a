-- SPDX-License-Identifier: Apache-2.0
-- For pgbench: the least transaction, one row that changes.
UPDATE least SET n=n+1 WHERE id=:client_id;
