/** Every rule that the database holds by itself: CHECKs, foreign keys and unique constraints, and the triggers. */
export const GUARDS: readonly string[] = `
  accounts_balance_not_negative
  jobs_counters_in_range jobs_failure_code_known jobs_failure_fits_status jobs_finished_has_time jobs_kind_known
  jobs_lease_fits_status jobs_live_has_result jobs_name_length jobs_progress_fits_status jobs_progress_in_range
  jobs_refund_fits_status jobs_run_fits_status jobs_status_known jobs_times_in_order jobs_tombstone_is_cancelled
  jobs_follow_result jobs_identity_for_results
  results_content_fits_status results_times_in_order results_follow_job results_identity_for_jobs results_one_per_job
  idempotency_key_length idempotency_made_one_thing idempotency_keys_entry_id_fkey idempotency_keys_job_id_fkey
  events_seq_positive events_type_fits_status events_numbered
  ledger_balance_not_negative ledger_entry_fits_amount ledger_entry_names_round ledger_entries_user_id_fkey
  ledger_once_per_round
  service_tokens_hash_size service_tokens_name_form
  workers_concurrency_positive workers_pool_unique
  event_log_is_one
  files_content_type_length files_name_length files_of_job_are_stored files_output_has_job files_role_known
  files_sha256_form files_size_not_negative files_stored_whole files_follow_job files_stored_once
  file_removals_tries_not_negative
  jobs_guarded events_guarded events_kept events_pruned ledger_guarded ledger_kept
  files_guarded files_leave_no_bytes files_of_their_job`
  .trim()
  .split(/\s+/);
