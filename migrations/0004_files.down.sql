drop table files;
drop table file_removals;
drop function assay_remove_bytes();
drop function assay_guard_file_of_job();
drop function assay_guard_file();
