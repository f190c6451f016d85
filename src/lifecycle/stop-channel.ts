/** On this channel a worker hears that an attempt is over: the payload is the lease that ended. */
export const STOP_CHANNEL = 'assay_stop';
