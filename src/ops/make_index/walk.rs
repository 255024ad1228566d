//! Indexes from headers alone.

use super::{
    IndexReport, Indexer,
    shard::{index_shard, refuse_compressed},
};
use crate::{error::Result, pipeline::Walk};

impl Indexer<'_> {
    /// Indexes every shard by its headers.
    pub(super) fn walk(&self, report: &mut IndexReport) -> Result<()> {
        let shards: Vec<_> = self.jobs.iter().map(|job| job.path.clone()).collect();
        let walk = Walk { shards: &shards, storage: self.storage, threads: self.options.threads, cancel: self.cancel };
        walk.run(
            refuse_compressed,
            |at, walked| {
                let job = self.jobs.get(at);
                job.map(|job| index_shard(self.storage, job, &walked.spans, walked.bytes, self.options.overwrite))
                    .transpose()
            },
            |_, done| done.transpose().map_or(Ok(()), |done| self.take(done, report)),
        )
    }
}
