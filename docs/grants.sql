-- What resume-assets needs in the candidates' database, and no more: data rights only.
-- Run it after the tables are made (`resume-assets init-db --dry-run` prints the script for that).
-- Your names: the user instead of resume_writer; the schema of your table and, where
-- RESUME_LEDGER_SCHEMA is set, that of the others instead of dbo.

GRANT SELECT, UPDATE ON dbo.aicandidate TO resume_writer;

GRANT SELECT, UPDATE ON dbo.resume_installation TO resume_writer;
GRANT SELECT, INSERT, UPDATE ON dbo.resume_batches TO resume_writer;
GRANT SELECT, INSERT, UPDATE, DELETE ON dbo.resume_batch_items TO resume_writer;
GRANT SELECT, INSERT, DELETE ON dbo.resume_claims TO resume_writer;
GRANT SELECT, INSERT, UPDATE, DELETE ON dbo.resume_journal TO resume_writer;
GRANT SELECT, INSERT, UPDATE ON dbo.resume_trials TO resume_writer;
GRANT SELECT, INSERT, DELETE ON dbo.resume_trial_candidates TO resume_writer;
GRANT SELECT, INSERT, UPDATE, DELETE ON dbo.resume_trial_items TO resume_writer;
GRANT SELECT, INSERT, UPDATE, DELETE ON dbo.resume_notices TO resume_writer;
GRANT SELECT, INSERT, UPDATE, DELETE ON dbo.resume_notice_deliveries TO resume_writer;
GRANT SELECT, INSERT, DELETE ON dbo.resume_forgotten TO resume_writer;
GRANT SELECT, INSERT ON dbo.resume_receipts TO resume_writer;
GRANT SELECT, INSERT, UPDATE ON dbo.resume_counters TO resume_writer;
GRANT SELECT, INSERT, UPDATE, DELETE ON dbo.resume_documents TO resume_writer;
GRANT SELECT, INSERT, UPDATE ON dbo.aicandidateBatchStatus TO resume_writer;
